/** Addresses of the pages of providers. */

export const providersPath = "/console/providers";
