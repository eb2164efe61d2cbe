// Makes a client of each document of a folder: `node make.mjs FOLDER`.
import { readdirSync } from "node:fs";
import { createClient } from "@hey-api/openapi-ts";

const folder = process.argv[2];
for (const file of readdirSync(folder).filter((name) => name.endsWith(".json")).sort()) {
  await createClient({
    input: `${folder}/${file}`,
    output: { path: `made/${file.replace(".json", "")}`, module: { extension: ".js" } },
    plugins: [
      "@hey-api/typescript",
      "@hey-api/client-fetch",
      "zod",
      // Requests are not validated: version 0.99 looks for headers where it has put none.
      { name: "@hey-api/sdk", validator: { request: false, response: "zod" } },
    ],
  });
}
