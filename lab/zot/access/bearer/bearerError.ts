// Stands in for zot: the error for an issuer of bearer tokens that zot cannot use.

/** The configuration of an issuer is invalid. `zot verify` does not see it; zot panics at startup. */
export class BearerError extends Error {}
