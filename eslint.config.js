import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";
import { layers } from "./eslint.layers.js";

export default defineConfig({ ignores: ["node_modules/", ".lab/", ".state/"] }, tseslint.configs.strictTypeChecked, {
  languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  plugins: { layers },
  rules: {
    "layers/imports": "error",
    "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
    "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    "@typescript-eslint/consistent-type-imports": "error",
    // What is taken out of an object to leave it out.
    "@typescript-eslint/no-unused-vars": [
      "error",
      { ignoreRestSiblings: true, varsIgnorePattern: "^_", argsIgnorePattern: "^_" },
    ],
    // A switch with a default says on purpose what happens to all the rest.
    "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    // node:test returns promises that the runner itself awaits.
    "@typescript-eslint/no-floating-promises": [
      "error",
      {
        allowForKnownSafeCalls: [{ from: "package", package: "node:test", name: ["test", "describe", "it", "suite"] }],
      },
    ],
    // The loops that wait for a state are conditions over time, which the checker takes for constants.
    "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: "only-allowed-literals" }],
    // The library marks it so that nobody overlooks it; a homelab's Authentik may be on plain http.
    "@typescript-eslint/no-deprecated": [
      "error",
      { allow: [{ from: "package", package: "oauth4webapi", name: "allowInsecureRequests" }] },
    ],
    eqeqeq: "error",
  },
});
