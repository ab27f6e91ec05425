import { h } from "hastscript";
import type { Element } from "hast";
import type { JobsOfAccount, Report } from "../report.ts";

/** Who pushes without a key. */
export function jobSections({ jobs = [] }: Report): readonly Element[] {
  return jobs.map((account, index) => jobSection(account, `jobs-${index + 1}`));
}

function jobSection({ account, prefix, audience, variable, repositories }: JobsOfAccount, id: string): Element {
  return h(
    "section",
    { "aria-labelledby": id },
    h("h2", { id }, `The jobs of ${account}`),
    h("p", "They push with tokens of their own."),
    h(
      "dl",
      ...[
        ["Jobs of", repositories.join(", ")],
        ["Push below", h("code", prefix)],
        ["Audience", h("code", audience)],
        ["Variable", h("code", variable)],
      ].flatMap(([term, value]) => [h("dt", term), h("dd", value)]),
    ),
  );
}
