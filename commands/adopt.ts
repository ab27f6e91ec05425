// npm run adopt -- <stack>: writes Pulumi.<stack>.yaml from what is there. It changes nothing else.
//
// Exit code 0: the file is written. 1: something is in the way. 2: wrong usage, a setting is missing, or consent is.
import { adopt } from "./adopt/adopt.ts";

process.exitCode = await adopt(process.argv.slice(2), {
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
  environment: process.env,
});
