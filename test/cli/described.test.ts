/** Waiting for names and versions of a hosted repository; the registry here only says what a test wants. */
import { createServer } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { waitUntilPublished } from "../../src/cli/described.ts";
import { Mistake } from "../../src/cli/mistake.ts";

const limits = { waitMs: 300, pauseMs: 20 };

describe("waiting for the index", () => {
  it("ends when it shows all", async () => {
    const asked = await registryThat([
      { kind: "hosted", published: false },
      { kind: "hosted", published: false },
      { kind: "hosted", published: true },
    ]);
    await waitUntilPublished(asked.registry, "acme", limits);
    expect(asked.paths).toEqual(Array(3).fill("/api/repos/acme"));
  });

  it("gives up with a sentence", async () => {
    const { registry } = await registryThat([{ kind: "hosted", published: false }]);
    const waiting = waitUntilPublished(registry, "acme", limits);
    await expect(waiting).rejects.toThrow(Mistake);
    await expect(waiting).rejects.toThrow(/^names and versions of acme do not show what was/);
  });

  it.each([
    ["a mirror, or an older Hexedge", { kind: "hosted" }],
    ["a no, which the export itself hears again", 404],
    ["another no", 401],
  ])("is not done for %s", async (_what, answer) => {
    const asked = await registryThat([answer]);
    await waitUntilPublished(asked.registry, "acme", limits);
    expect(asked.paths).toHaveLength(1);
  });

  it("does not take a fault for a yes", async () => {
    const asked = await registryThat([503, { kind: "hosted", published: true }]);
    await waitUntilPublished(asked.registry, "acme", limits);
    expect(asked.paths).toHaveLength(2);
  });
});

/** @param answers one behind the other, and the last for ever; a number is a status. */
async function registryThat(answers: (object | number)[]) {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(paths.length, answers.length - 1)];
    paths.push(request.url ?? "");
    const status = typeof answer === "number" ? answer : 200;
    const body = typeof answer === "number" ? { status, message: "no" } : answer;
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const registry = { url: `http://127.0.0.1:${address.port}`, key: "hex_it", keySource: "a test" };
  return { registry, paths };
}
