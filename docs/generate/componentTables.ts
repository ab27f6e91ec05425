import { readFileSync } from "node:fs";
import ts from "typescript";

const ROOT = new URL("../../", import.meta.url);

/** Where the arguments of the components are declared. */
const SOURCES = [
  "components/parts/provider.ts",
  "components/authentikAccess.ts",
  "components/parts/blueprintDelivery.ts",
  "components/zotServer.ts",
  "components/ciServiceAccount.ts",
  "components/forgejoSecret.ts",
  "components/jobTokens.ts",
  "components/acceptance.ts",
  "systems/authentik/blueprint/args.ts",
  "systems/authentik/client.ts",
  "systems/services/args.ts",
  "systems/zot/host/zotHost.ts",
  "systems/zot/signIn/check.ts",
  "systems/zot/signIn/zotSignIn.ts",
];

const TABLES = [
  "ZotAuthProviderArgs",
  "AuthentikAccessArgs",
  "ArgoCdArgs",
  "ZotServerArgs",
  "CiServiceAccountArgs",
  "SignInArgs",
  "ForgejoSecretArgs",
  "StoredKey",
  "OtherSecret",
  "JobTokensArgs",
  "AcceptanceArgs",
  "ServicesArgs",
  "TestBuildArgs",
] as const;

/** One argument of a component. */
export interface Argument {
  readonly name: string;
  readonly optional: boolean;
  readonly type: string;
  /** Its doc comment; empty when it has none. */
  readonly description: string;
}

const MARK = "<!-- `npm run docs` writes the rest from the types. -->\n";

/** The page with a table of arguments for each component, and for each group of arguments, at its end. */
export function documentComponents(page: string): string {
  const declared = interfaces();
  const written = page.slice(0, page.indexOf(MARK) + MARK.length);
  const tables = TABLES.map((name) => {
    const rows = argumentsOf(name, declared).map(
      ({ name: argument, optional, type, description }) =>
        `| \`${argument}${optional ? "?" : ""}\` | \`${type.replaceAll("|", "\\|")}\` | ${description.replaceAll("|", "\\|")} |`,
    );
    return [`### ${name}`, "", "| argument | type | what it is |", "|---|---|---|", ...rows, ""].join("\n");
  });
  return [written, ...tables].join("\n");
}

/** The arguments of every documented interface, with the inherited ones first. */
export function documentedArguments(): ReadonlyMap<string, readonly Argument[]> {
  const declared = interfaces();
  return new Map(TABLES.map((name) => [name, argumentsOf(name, declared)]));
}

interface Declared {
  readonly bases: readonly string[];
  readonly own: readonly Argument[];
}

/** Only the syntax is read: no types are resolved, so that this takes no time. */
function interfaces(): ReadonlyMap<string, Declared> {
  const found = new Map<string, Declared>();
  for (const path of SOURCES) {
    const source = ts.createSourceFile(path, readFileSync(new URL(path, ROOT), "utf8"), ts.ScriptTarget.Latest, true);
    for (const statement of source.statements) {
      if (!ts.isInterfaceDeclaration(statement)) continue;
      found.set(statement.name.text, {
        bases: (statement.heritageClauses ?? []).flatMap(({ types }) => types.map((type) => type.getText(source))),
        own: statement.members.filter(ts.isPropertySignature).map((member) => ({
          name: member.name.getText(source),
          optional: member.questionToken !== undefined,
          type: (member.type?.getText(source) ?? "")
            .replace(/^readonly /, "")
            .replace(/ \| undefined$/, "")
            .replaceAll(/\s+/g, " "),
          description: descriptionOf(member),
        })),
      });
    }
  }
  return found;
}

function argumentsOf(name: string, declared: ReadonlyMap<string, Declared>): readonly Argument[] {
  const found = declared.get(name);
  if (found === undefined) throw new Error(`no interface ${name} in ${SOURCES.join(", ")}`);
  return [...found.bases.flatMap((base) => argumentsOf(base, declared)), ...found.own];
}

function descriptionOf(member: ts.PropertySignature): string {
  const [comment] = ts.getJSDocCommentsAndTags(member);
  return (ts.getTextOfJSDocComment(comment?.comment) ?? "").replaceAll(/\s+/g, " ").trim();
}
