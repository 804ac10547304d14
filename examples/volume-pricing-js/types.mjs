// Writes TypeScript declarations of the world in wit/ to dist/types.
//
// The generator writes them for components whose 64-bit integers are BigInts and whose missing options
// are undefined. In components of QuickJS they are Numbers and null.

import { generateGuestTypes, writeFiles } from "@bytecodealliance/jco-transpile";

const files = await generateGuestTypes("wit", { outDir: "dist/types" });
for (const [file, bytes] of Object.entries(files)) {
  const declarations = new TextDecoder().decode(bytes);
  files[file] = new TextEncoder().encode(
    declarations
      .replaceAll(/\bbigint\b/g, "number")
      .replaceAll(/\| undefined\b/g, "| null")
      .replaceAll(/^( +\w+)\?: (.+),$/gm, "$1: $2 | null,"),
  );
}
await writeFiles(files);
