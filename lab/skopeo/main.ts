// Stands in for skopeo 1.9.3: the program.
import { skopeo } from "./commands/commands.ts";

process.exitCode = await skopeo(process.argv.slice(2), {
  environment: process.env,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
});
