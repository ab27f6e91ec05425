// npm run rotate and revoke with a played CLI: what they say of the settings file that they write.
import assert from "node:assert/strict";
import test from "node:test";
import type { TestContext } from "node:test";
import { Stage } from "./support/played.ts";
import type { Ended } from "./support/played.ts";

const CLI = `
const args = process.argv.slice(4);
console.log("ran: " + args.join(" "));
process.exitCode = args[0] === process.env.FAILS ? 5 : 0;
`;

async function ran(t: TestContext, command: "rotate" | "revoke", fails = ""): Promise<Ended> {
  const stage = await Stage.open(t);
  return stage.play({ command: "key", which: [command], args: ["--yes"], cli: CLI, env: { FAILS: fails } });
}

for (const [command, setting, again] of [
  ["rotate", "rotationTrigger", "replaces the key once more"],
  ["revoke", "revocationTrigger", "revokes every key once more"],
] as const) {
  const last = new RegExp(
    `\\nPulumi\\.prod\\.yaml has a new ${setting}\\. If CI or another machine .* without that line ${again}\\.\\n$`,
  );

  test(`${command} ends with what the changed settings file means to others, also after an update that failed`, async (t) => {
    const fine = await ran(t, command);
    assert.equal(fine.code, 0);
    assert.match(
      fine.said,
      new RegExp(
        `ran: config set --stack prod --path zot-auth:ci\\.${setting} [^\\n]*Z\\nran: up --stack prod --yes\\n`,
      ),
    );
    assert.match(fine.said, last);
    const failed = await ran(t, command, "up");
    assert.equal(failed.code, 5);
    assert.match(failed.said, last);
  });

  test(`${command} that could not write the file runs no update, and does not say that it wrote it`, async (t) => {
    const { code, said } = await ran(t, command, "config");
    assert.equal(code, 5);
    assert.doesNotMatch(said, /has a new|ran: up/);
  });
}
