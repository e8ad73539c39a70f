import { describe, expect, it } from "vitest";
import { readFile, readFiles } from "../../src/preview/read.ts";
import { readReadme } from "../../src/preview/readme.ts";
import { streamFile } from "../../src/preview/stream.ts";
import { contentsOf, file, folder, inflatedBytes, link, randomBytes } from "./archive.ts";

const mebibyte = 1024 * 1024;
/** Some bytes that cannot be compressed beside them, or the ratio alone would be an attack. */
const zeros = [
  file("noise", randomBytes(700 * 1024)),
  file("zeros", new Uint8Array(100 * mebibyte)),
];
const behindZeros = contentsOf(...zeros, file("README.md", "# Behind"));
const beforeZeros = contentsOf(file("README.md", "# Before"), ...zeros);

describe("a file", () => {
  const contents = contentsOf(
    ...[
      file("empty", ""),
      file("lib/a.ex", "défmodule 🦆\r\n"),
      folder("lib/sub"),
      link("l", "empty"),
    ],
    ...[file("bom", "\ufeffx"), file("nul", "a\0b"), file("latin1", Uint8Array.of(0x63, 0xe9))],
    ...[
      file("half", Uint8Array.of(0x61, 0xf0, 0x9f)),
      file("surrogate", Uint8Array.of(0xed, 0xa0, 0x80)),
    ],
  );

  it.each<[string, unknown]>([
    ["empty", { text: "" }],
    ["lib/a.ex", { text: "défmodule 🦆\r\n" }],
    ["bom", { text: "\ufeffx" }],
    ["nul", { binary: true, sizeBytes: 3 }],
    ["latin1", { binary: true, sizeBytes: 2 }],
    ["half", { binary: true, sizeBytes: 3 }],
    ["surrogate", { binary: true, sizeBytes: 3 }],
    ["l", { linkTarget: "empty" }],
    ["lib", undefined],
    ["lib/sub", undefined],
    ["nothing", undefined],
    ["", undefined],
    ["../empty", undefined],
    ["__proto__", undefined],
  ])("%s is read", async (path, expected) => {
    expect(await readFile(contents, path)).toEqual(expected);
  });

  it("is too large above the limit, and not at it", async () => {
    expect(await readFile(contents, "bom", { bytesMax: 4 })).toEqual({ text: "\ufeffx" });
    expect(await readFile(contents, "bom", { bytesMax: 3 })).toEqual({
      tooLarge: true,
      sizeBytes: 4,
    });
    expect(await readFile(behindZeros, "zeros")).toEqual({
      tooLarge: true,
      sizeBytes: 100 * mebibyte,
    });
  });

  it("is read although the archive is damaged behind it, and not before it", async () => {
    const damaged = contentsOf(file("first"), file("noise", randomBytes(mebibyte))).slice(0, -9);
    expect(await readFile(damaged, "first")).toEqual({ text: "x" });
    expect(await readFile(damaged, "last")).toEqual({ damaged: expect.any(String) });
    expect(await readFile(contents.slice(9), "first")).toEqual({ damaged: expect.any(String) });
  });

  it("costs no more inflating than what lies before it", async () => {
    expect(await inflatedBytes(() => readFile(beforeZeros, "README.md"))).toBeLessThan(mebibyte);
    expect(await inflatedBytes(() => readFile(beforeZeros, "zeros"))).toBeLessThan(2 * mebibyte);
    expect(await inflatedBytes(() => readFile(behindZeros, "README.md"))).toBeGreaterThan(
      100 * mebibyte,
    );
  });
});

describe("several files", () => {
  const contents = contentsOf(file("a", "1"), file("b", "22"), file("c", "333"), file("d", "\0"));

  it("are read in one walk, those that there are", async () => {
    expect(await readFiles(contents, ["c", "nothing", "a", "d"])).toEqual(
      new Map<string, unknown>([
        ["a", { text: "1" }],
        ["c", { text: "333" }],
        ["d", { binary: true, sizeBytes: 1 }],
      ]),
    );
    expect(await readFiles(contents, [])).toEqual(new Map());
  });

  it("are too large when all together are", async () => {
    const limits = { bytesMaxEach: 3, bytesMaxAll: 4 };
    expect(await readFiles(contents, ["a", "b", "c", "d"], limits)).toEqual(
      new Map<string, unknown>([
        ["a", { text: "1" }],
        ["b", { text: "22" }],
        ["c", { tooLarge: true, sizeBytes: 3 }],
        ["d", { binary: true, sizeBytes: 1 }],
      ]),
    );
  });

  it("stop inflating behind the last", async () => {
    const early = () => readFiles(beforeZeros, ["README.md"]);
    expect(await inflatedBytes(early)).toBeLessThan(mebibyte);
  });
});

describe("the README", () => {
  it.each<[string, string[], string | undefined]>([
    ["in Markdown before all others", ["README", "README.rst", "README.md"], "README.md"],
    ["in any case", ["ReadMe.MarkDown"], "ReadMe.MarkDown"],
    ["without an ending before plain text", ["readme.txt", "README"], "README"],
    ["in other languages of that kind", ["README.adoc", "README.rst"], "README.rst"],
    ["of the top only", ["lib/README.md", "README.txt"], "README.txt"],
    ["that is one", ["README.ex", "READMEFIRST", "readme.d/a", "AREADME.md"], undefined],
  ])("is the one %s", async (_, paths, expected) => {
    const readme = await readReadme(contentsOf(...paths.map((path) => file(path, path))));
    expect(readme).toEqual(expected && { path: expected, text: expected, cut: false });
  });

  it("is text, and not a link", async () => {
    const members = [file("README.markdown", "\0"), link("README.md", "a"), file("README", "yes")];
    const readme = await readReadme(contentsOf(...members));
    expect(readme).toEqual({ path: "README", text: "yes", cut: false });
  });

  it.each([
    [6, "aäa", true],
    [5, "aäa", true],
    [4, "aäa", true],
    [3, "aä", true],
    [2, "a", true],
    [1, "a", true],
    [7, "aäa€", false],
  ])("is cut between two characters, at %i bytes", async (bytesMax, text, cut) => {
    const contents = contentsOf(file("README.md", "aäa€"));
    expect(await readReadme(contents, { bytesMax })).toEqual({ path: "README.md", text, cut });
  });

  it("of any size costs 256 KiB", async () => {
    const contents = contentsOf(
      file("noise", randomBytes(700 * 1024)),
      file("README.md", "a".repeat(100 * mebibyte)),
    );
    let readme: Awaited<ReturnType<typeof readReadme>>;
    const bytes = await inflatedBytes(async () => {
      readme = await readReadme(contents);
    });
    expect(bytes).toBeLessThan(2 * mebibyte);
    expect(readme).toEqual({ path: "README.md", text: "a".repeat(256 * 1024), cut: true });
  });

  it("ends the walk when no better one can come", async () => {
    expect(await inflatedBytes(() => readReadme(beforeZeros))).toBeLessThan(mebibyte);
    expect(await readReadme(behindZeros)).toMatchObject({ text: "# Behind" });
  });

  it("is damaged with its archive", async () => {
    expect(await readReadme(new Uint8Array(9))).toEqual({ damaged: expect.any(String) });
  });
});

describe("a file that is downloaded", () => {
  const large = randomBytes(3 * mebibyte);
  const contents = contentsOf(
    ...[file("a"), file("large", large), file("empty", ""), link("l", "a"), ...zeros],
  );

  async function stream(path: string, onEnd?: () => void, from = contents) {
    const streamed = await streamFile(from, path, onEnd);
    if (!streamed || "damaged" in streamed) throw new Error(JSON.stringify(streamed));
    return streamed;
  }

  it.each([
    ["large", large],
    ["empty", new Uint8Array()],
    ["a", Uint8Array.of(0x78)],
  ])("is all there: %s", async (path, bytes) => {
    let ended = 0;
    const { sizeBytes, body } = await stream(path, () => ended++);
    expect(sizeBytes).toBe(bytes.length);
    expect(ended).toBe(0);
    expect(new Uint8Array(await new Response(body).arrayBuffer())).toEqual(bytes);
    expect(ended).toBe(1);
  });

  it.each(["l", "nothing"])("is not there: %s", async (path) => {
    let ended = 0;
    expect(await streamFile(contents, path, () => ended++)).toBeUndefined();
    expect(ended).toBe(1);
  });

  it("is inflated as it is read, and no further when the reader goes away", async () => {
    let ended = 0;
    const bytes = await inflatedBytes(async () => {
      const { body } = await stream("zeros", () => ended++);
      const reader = body.getReader();
      await reader.read();
      await new Promise((resolve) => setTimeout(resolve, 50));
      await reader.cancel();
    });
    expect(bytes).toBeLessThan(6 * mebibyte);
    expect(ended).toBe(1);
  });

  it("fails where the archive is damaged", async () => {
    let ended = 0;
    const cut = contentsOf(file("large", large)).slice(0, 2 * mebibyte);
    const { body } = await stream("large", () => ended++, cut);
    await expect(new Response(body).arrayBuffer()).rejects.toThrow();
    expect(ended).toBe(1);
    expect(await streamFile(cut, "behind", () => ended++)).toEqual({ damaged: expect.any(String) });
    expect(ended).toBe(2);
  });
});
