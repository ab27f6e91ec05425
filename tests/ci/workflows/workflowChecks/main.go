// Checks workflows against the schema of act, from which Forgejo's runner descends: go run . <file>…
package main

import (
	"fmt"
	"os"

	"github.com/nektos/act/pkg/schema"
	"gopkg.in/yaml.v3"
)

func main() {
	failed := false
	for _, file := range os.Args[1:] {
		if err := check(file); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

func check(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return err
	}
	return (&schema.Node{Definition: "workflow-root-strict", Schema: schema.GetWorkflowSchema()}).UnmarshalYAML(&document)
}
