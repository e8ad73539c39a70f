/** That of package.json, which a test compares: the Worker cannot read it, and a bundle needs no more of it. */
export const version = "0.1.0";
