/** Where the lists of the console are. */
export const keysPath = "/console/keys";
export const aliasesPath = "/console/aliases";
export const quotasPath = "/console/quotas";
export const settingsPath = "/console/settings";
export const auditPath = "/console/audit";
export const sessionsPath = "/console/sessions";
export const ownSessionsPath = "/console/me/sessions";
export const jobsPath = "/console/jobs";
export const systemPath = "/console/system";
