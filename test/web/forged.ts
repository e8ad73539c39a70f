import { SignJWT } from "jose";

/** A token as ours look, that somebody signed who does not know our secret. */
export function createSigned(audience: string): Promise<string> {
  const claims = { scope: "api", roles: {}, uid: 0, adm: true, sid: "x", seq: 9e9, watch: [] };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("hexedge")
    .setAudience(audience)
    .setSubject("user:admin")
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode("only for tests: 0123456789abcdef0123456789"));
}
