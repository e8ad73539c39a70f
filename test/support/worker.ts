/** What the tests inside workerd run: the Worker itself. */
export * from "../../src/index.ts";
export { default } from "../../src/index.ts";
