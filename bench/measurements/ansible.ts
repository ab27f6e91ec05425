import { atMost } from "../measurement.ts";
import type { Measurement } from "../measurement.ts";
import { Ansible, ansibleVersion } from "../support/ansible.ts";
import { timed } from "../support/command.ts";
import { PREVIEW, UP, UP_UNCHANGED, pulumiOn, repositories, startLab, withSettings } from "../support/lab.ts";
import { median, seconds, times } from "../support/numbers.ts";

const ROUNDS = { full: 3, smallest: 1 } as const;
/** The real case's number of secrets, and one at which it matters. */
const [FEW, MANY] = [4, 50] as const;

export const ansible: Measurement = {
  name: "ansible",
  title: "All eight steps, against Ansible doing two of them",

  async run(size) {
    const version = ansibleVersion();
    if (version === undefined) return { rows: [], details: "Not measured: there is no `ansible-playbook` on PATH." };
    const lab = await startLab(
      (config) => withSettings(config, "forgejo", { repositories: repositories(MANY) }),
      "files",
    );
    try {
      const give = (count: number): void =>
        lab.changeSettings((config) => withSettings(config, "forgejo", { repositories: repositories(count) }));
      give(FEW);
      await timed(...pulumiOn(lab, ...UP));
      const other = await Ansible.on(lab);
      const commands = {
        check: async () => other.run(repositories(FEW), "check"),
        preview: async () => timed(...pulumiOn(lab, ...PREVIEW)),
        apply: async () => other.run(repositories(FEW), "apply"),
        up: async () => timed(...pulumiOn(lab, ...UP_UNCHANGED)),
      } as const;
      const all = { check: [] as number[], preview: [] as number[], apply: [] as number[], up: [] as number[] };
      const more = { apply: [] as number[], up: [] as number[] };
      for (let round = 0; round < ROUNDS[size]; round += 1) {
        for (const name of ["check", "preview", "apply", "up"] as const) all[name].push((await commands[name]()).wall);
        more.apply.push((await other.run(repositories(MANY), "apply")).wall);
        give(MANY);
        more.up.push((await timed(...pulumiOn(lab, ...UP))).wall);
        give(FEW);
        await timed(...pulumiOn(lab, ...UP));
      }
      const of = (name: keyof typeof all): number => median(all[name]);
      const each = (name: keyof typeof more): number => (median(more[name]) - of(name)) / (MANY - FEW);
      const faster = each("apply") / each("up");
      return {
        rows: [
          { what: `Ansible, \`--check --diff\`, ${FEW} secrets`, measured: seconds(of("check")) },
          { what: "`preview`", measured: seconds(of("preview")) },
          {
            what: "`preview` against `--check --diff`",
            measured: times(of("preview") / of("check")),
            goal: atMost(0.5, of("preview") / of("check"), " times"),
          },
          { what: `Ansible, nothing to do but ${FEW} secrets`, measured: seconds(of("apply")) },
          { what: "`up` with nothing to do", measured: seconds(of("up")) },
          {
            what: "`up` against Ansible, nothing to do",
            measured: times(of("up") / of("apply")),
            goal: { text: "at most a third", met: of("up") / of("apply") <= 1 / 3 },
          },
          { what: `Ansible, ${MANY} secrets`, measured: seconds(median(more.apply)) },
          {
            what: `\`up\` that gives the secret to ${MANY - FEW} more repositories`,
            measured: seconds(median(more.up)),
          },
          {
            what: "a further secret: Ansible against `up`",
            measured: `${(each("apply") * 1000).toFixed(0)} ms against ${(each("up") * 1000).toFixed(0)} ms: ${faster.toFixed(0)} times faster`,
            goal: { text: "at least 10 times faster", met: faster >= 10 },
          },
        ],
        details: `ansible-core ${version}, local connection, [bench/ansible/playbook.yaml](../../bench/ansible/playbook.yaml): zot's config, its credentials, the restart, and the Actions secrets with the key from 1Password. No sign-in, no key, no Authentik, no proof.`,
      };
    } finally {
      await lab.stop();
    }
  },
};
