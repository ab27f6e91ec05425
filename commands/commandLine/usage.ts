/** What each command prints on `--help`. The first line is also what wrong usage prints. `adopt` has its own, with its flags. */
export const USAGE = {
  check: `usage: npm run check -- <stack> [--full] [--textfile <file>] [--listen <host:port>] [--notify <reference>] [options of pulumi preview]

Checks the key's dates and compares the servers with the settings, and writes a report (docs/reference/reports.md). It changes nothing, not even the state.

  --full              if nothing differs but proofs that failed, runs the proofs again, test builds too, and the state gets their results (docs/reference/acceptance.md)
  --textfile <file>   also writes what it found as metrics for Prometheus (docs/reference/metrics.md)
  --listen <address>  goes on, checks again every hour, and serves the metrics at http://<host:port>/metrics
  --every <duration>  with --listen: how long after a check the next begins, such as "10 minutes"
  --notify <ref>      notifies a webhook when something needs attention; its address is at env:NAME, file:path or op://… (docs/guides/notifications.md)
  --notify-format <f> what it takes: slack (default), matrix, ntfy, or a file with a JSON template

Without --notify, the environment's ZOT_AUTH_NOTIFY and ZOT_AUTH_NOTIFY_FORMAT apply.

Exit code 0: everything is as declared. 1: it is not, or could not be checked. 2: wrong usage, or no such stack.
`,
  preview: `usage: npm run preview -- <stack> [options of pulumi preview, such as --refresh]

Prints what \`up\` would change as Markdown, for a pull request (docs/guides/workflows.md), and changes nothing. With \`npm run --silent\` it prints nothing else.

Exit code 0: the preview succeeded, whether or not there are changes. 1: it failed, and the Markdown says why. 2: wrong usage, or no such stack.
`,
  comment: `usage: npm run comment -- <file>

Puts the Markdown of \`npm run preview\` on a pull request, as a comment that takes the place of the former one. For workflows of Forgejo and GitHub: they set GITHUB_API_URL
and GITHUB_REPOSITORY; PULL_REQUEST is the number, and COMMENT_TOKEN a token that may comment (docs/guides/workflows.md).

Exit code 0: done. 1: the server refuses. 2: wrong usage.
`,
  rotate: `usage: npm run rotate -- <stack> [--account <id>] [options of pulumi up, such as --yes]

Replaces CI's key now. The current one stays valid for ci.gracePeriod. It writes ci.rotationTrigger into the stack's settings, and runs \`pulumi up\`.

  --account <id>      only this one of ci.accounts; otherwise all

Exit code 0: CI has the new key. 1: you did not agree. 2: wrong usage, no settings file, or nobody to ask: add --yes. Otherwise that of \`pulumi\`.
`,
  revoke: `usage: npm run revoke -- <stack> [--account <id>] [options of pulumi up, such as --yes]

For a key that leaked: revokes every key of CI's account now, then creates and distributes a new one. CI cannot push in between. It writes ci.revocationTrigger into the
stack's settings, and runs \`pulumi up\`.

  --account <id>      only this one of ci.accounts; otherwise all

Exit code 0: CI has the new key. 1: you did not agree. 2: wrong usage, no settings file, or nobody to ask: add --yes. Otherwise that of \`pulumi\`.
`,
  recover: `usage: npm run recover -- <stack> [--notify <reference>] [options of pulumi up, such as --yes]

Resumes after an interrupted run: removes the lock of a run that has ended on this machine, refreshes, and runs \`pulumi up\`. With nothing to do, it changes nothing.

  --notify <ref>      notifies a webhook of a failure, and of unmanaged keys; its address is at env:NAME, file:path or op://… (docs/guides/notifications.md)
  --notify-format <f> what it takes: slack (default), matrix, ntfy, or a file with a JSON template

Without --notify, the environment's ZOT_AUTH_NOTIFY and ZOT_AUTH_NOTIFY_FORMAT apply.

Exit code 0: everything is as declared. 1: another run holds the lock, or may hold it. 2: wrong usage, or no such stack. Otherwise that of \`pulumi\`.
`,
  notify: `usage: npm run notify -- <stack> [--notify <reference>] [--notify-format <format>]

Sends a test message to the webhook that \`npm run check\` and \`npm run recover\` notify, and remembers nothing of it (docs/guides/notifications.md).

  --notify <ref>      where its address is: env:NAME, file:path or op://…
  --notify-format <f> what it takes: slack (default), matrix, ntfy, or a file with a JSON template

Without --notify, the environment's ZOT_AUTH_NOTIFY and ZOT_AUTH_NOTIFY_FORMAT apply.

Exit code 0: the webhook took it. 1: it was not sent. 2: wrong usage.
`,
  report: `usage: npm run report -- <stack> [--output <folder>]

Writes a report of the stack as its state records it (docs/reference/reports.md), and changes nothing else.

  --output <folder>   where to; otherwise reports/<stack>/

Exit code 0: written. 1: not written. 2: wrong usage, or no such stack.
`,
} as const;

export function asksForHelp(args: readonly string[]): boolean {
  return args.some((arg) => arg === "--help" || arg === "-h");
}

/** The first line of a command's usage. */
export function synopsisOf(command: keyof typeof USAGE): string {
  return `${USAGE[command].split("\n")[0] ?? ""}\n`;
}
