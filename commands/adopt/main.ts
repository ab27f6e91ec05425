// npm run adopt -- <stack>: writes Pulumi.<stack>.yaml from what is there. It changes nothing else.
import { adopt } from "./adopt.ts";

process.exitCode = await adopt(process.argv.slice(2), {
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
  environment: process.env,
});
