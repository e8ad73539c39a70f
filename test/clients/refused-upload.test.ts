import { expect, it } from "vitest";
import { startServer } from "../support/server.ts";

it("tells a client why its upload is refused, also one that is still sending", async () => {
  const server = await startServer();
  const body = new Uint8Array(7 * 1024 * 1024);
  const path = "/api/repos/test_repo/packages/foo/releases/1.0.0/docs";
  for (let time = 0; time < 5; time++) {
    const headers = { authorization: "a_key_that_nobody_knows" };
    const response = await fetch(`${server.origin}${path}`, { method: "POST", headers, body });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ message: "invalid API key" });
  }
});
