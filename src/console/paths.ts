/** Where the lists of the console are. */
export const keysPath = "/console/keys";
export const aliasesPath = "/console/aliases";
