// The parameters of the Dagger module, as its source declares them and as a command line names them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import typescript from "typescript";

/** The names of the parameters of a method, or of the constructor. */
export function parametersOf(method?: string): readonly string[] {
  const file = join(import.meta.dirname, "../../../ci/dagger/src/index.ts");
  const source = typescript.createSourceFile(file, readFileSync(file, "utf8"), typescript.ScriptTarget.ES2022, true);
  const members = source.statements.filter(typescript.isClassDeclaration).flatMap(({ members }) => [...members]);
  const found = members.find((member) =>
    method === undefined
      ? typescript.isConstructorDeclaration(member)
      : typescript.isMethodDeclaration(member) && member.name.getText() === method,
  );
  assert.ok(found !== undefined && typescript.isFunctionLike(found));
  return found.parameters.map(({ name }) => name.getText());
}

/** The parameters that options of `dagger call` set: `--container-name=hello` sets `containerName`. */
export function namesOf(options: readonly string[]): readonly string[] {
  return options.map((option) =>
    (/^--([a-z-]+)=/s.exec(option)?.[1] ?? option).replace(/-./g, ([, letter = ""]) => letter.toUpperCase()),
  );
}
