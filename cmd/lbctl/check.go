package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lbctl/lbctl/config/serve"
	"github.com/lbctl/lbctl/config/strict"
)

func checkCommand(s streams) *cobra.Command {
	var file string
	var schema bool
	cmd := &cobra.Command{
		Use:   "check -c FILE",
		Short: "Check a server file, all errors at once",
		Long: `Checks a server file as lbctl serve would before it starts or reloads, the certificates that it names
included, and says what is wrong with it, every error with its position and what was expected. The exit
code is 2 when something is.

--schema prints the JSON Schema (2020-12) of server files instead. With the YAML language server, put

  # yaml-language-server: $schema=server.schema.json

at the top of a file after lbctl check --schema > server.schema.json.`,
		Example: `  lbctl check -c lbctl.yaml
  lbctl check --schema > server.schema.json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case schema && file != "":
				return usage(errors.New("--schema: takes no -c, for it is the same for all files"))
			case schema:
				return printSchema(s, serve.SchemaJSON)
			case file == "":
				return usage(fmt.Errorf("expected -c FILE (see %s --help)", cmd.CommandPath()))
			}
			c, err := loadServerFile(file)
			if err != nil {
				return usage(err)
			}
			fmt.Fprintf(s.out, "%s: ok: %s\n", file, serverSummary(c.Config))
			return nil
		},
	}
	registerServerFile(cmd, &file)
	cmd.Flags().BoolVar(&schema, "schema", false, "print the JSON Schema of server files")
	return cmd
}

// registerServerFile adds the flag that names the server file.
func registerServerFile(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVarP(file, "config", "c", "", "the server file, `FILE` (YAML or JSON)")
	if err := cmd.MarkFlagFilename("config", "yaml", "yml", "json"); err != nil {
		panic("lbctl: " + err.Error())
	}
}

// printSchema writes a schema to standard output.
func printSchema(s streams, schema func() ([]byte, error)) error {
	text, err := schema()
	if err != nil {
		panic("lbctl: the schema cannot be written: " + err.Error())
	}
	_, err = s.out.Write(text)
	return err
}

// serverSummary says how much there is in a server file.
func serverSummary(c *serve.Config) string {
	backends := 0
	for _, p := range c.Pools {
		backends += len(p.Backends)
	}
	return fmt.Sprintf("%s, %s, %s, %s", counted(len(c.Listeners), "listener"), counted(len(c.Routes), "route"),
		counted(len(c.Pools), "pool"), counted(backends, "backend"))
}

// loaded is a configuration, and what it was read from.
type loaded struct {
	*serve.Config
	file string      // "": the command line
	seen fingerprint // of the file and those that it names, at the time
}

// loadServerFile reads a server file and the certificates that it names.
func loadServerFile(name string) (*loaded, error) {
	data, err := readBounded(name, strict.MaxBytes)
	if err != nil {
		return nil, err
	}
	c, err := serve.LoadWithFiles(name, data, readPEM)
	if err != nil {
		return nil, err
	}
	return &loaded{Config: c, file: name, seen: fingerprintOf(data, c.Files())}, nil
}

func readPEM(name string) ([]byte, error) { return readBounded(name, serve.MaxPEMBytes) }
