/** Under this name, the API server records which fields are ours. */
export const FIELD_MANAGER = "zot-auth";
