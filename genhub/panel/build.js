// Makes the modules that pages load: `npm run build`. The same sources give the same bytes.
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { build, transform } from "esbuild";

const folder = new URL("./src/", import.meta.url);
const styles = {
  name: "styles",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const { code } = await transform(text, { loader: "css", minify: true, target: "es2022" });
      return { contents: code, loader: "text" };
    });
  },
};

// Written into what is built: tests tell from it, without these tools, whether somebody forgot to build.
const digest = createHash("sha256");
for (const name of (await readdir(folder)).sort()) digest.update(await readFile(new URL(name, folder)));

await build({
  entryPoints: ["panel.ts", "ckeditor5.ts"].map((name) => fileURLToPath(new URL(name, folder))),
  outdir: process.argv[2] ?? fileURLToPath(new URL("../static/genhub/panel/", import.meta.url)),
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  banner: { js: `/* sources: ${digest.digest("hex")} */` },
  external: ["./panel.js"],
  plugins: [styles],
  logLevel: "warning",
});
