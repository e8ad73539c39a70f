/** The Accounts object's only name: there is one. */
export const accountsName = "accounts";
