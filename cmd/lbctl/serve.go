package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lbctl/lbctl/config/serve"
)

// defaultListen is where lbctl serve listens when there is no file and no --listen.
const defaultListen = "127.0.0.1:8080"

// serveFlags are the flags of lbctl serve.
type serveFlags struct {
	file      string
	listen    string
	backends  []string
	policy    string
	admin     string
	accessLog string
	logFormat string
}

func serveCommand(s streams) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve {-c FILE | --backend URL…}",
		Short: "Balance live HTTP traffic",
		Long: `Runs the proxy: the listeners, routes and pools of a server file, or for a first try one listener
before the backends on the command line. Logs go to standard error.

SIGHUP reloads the file, and opens the access log anew. A change of the file or of a certificate reloads
it, too, unless it says watch: false, and so does a POST to /reload of the admin listener. A reload loses
no request; a file with mistakes is refused, and what runs runs on. SIGTERM and SIGINT stop it: requests
in flight finish, within drain_timeout. A second one stops at once. Under systemd, use Type=notify-reload.

The exit code is 0 after a stop in which every request finished; 1 when it could not listen, or
requests were cut off at drain_timeout; 2 when the file or a flag is wrong; 130 (SIGINT) or 143 (SIGTERM)
when a second signal stopped it.`,
		Example: `  lbctl serve --backend http://127.0.0.1:9001 --backend http://127.0.0.1:9002
  lbctl serve --listen :8080 --backend http://10.0.0.1:80 --policy peak_ewma --access-log stdout
  lbctl check -c lbctl.yaml && lbctl serve -c lbctl.yaml`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			load, err := f.source(cmd)
			if err != nil {
				return err
			}
			log, err := newLogger(s, f.logFormat)
			if err != nil {
				return err
			}
			hangups := make(chan os.Signal, 1)
			signal.Notify(hangups, syscall.SIGHUP)
			defer signal.Stop(hangups)
			looks := time.NewTicker(watchInterval)
			defer looks.Stop()
			sv := &supervisor{
				load: load, newEngine: newEngine, newAdmin: newAdmin, log: log, notify: newNotifier(log),
				hangups: hangups, looks: looks.C, secondSignal: secondSignal,
			}
			return sv.run(cmd.Context())
		},
	}
	f.register(cmd)
	return cmd
}

func (f *serveFlags) register(cmd *cobra.Command) {
	registerServerFile(cmd, &f.file)
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", defaultListen, "without a file: listen on `ADDR` (host:port, :port or unix:/path)")
	flags.StringArrayVar(&f.backends, "backend", nil, "without a file: a backend, `URL` (repeatable)")
	flags.StringVar(&f.policy, "policy", "", "without a file: the algorithm, `NAME` (lbctl policies; default p2c)")
	flags.StringVar(&f.admin, "admin", "", "without a file: address of the admin listener, `ADDR`, or off (default 127.0.0.1:9901)")
	flags.StringVar(&f.accessLog, "access-log", "", "without a file: a line for each request to `FILE`, stdout or stderr")
	flags.StringVar(&f.logFormat, "log-format", "text", "how to log: text or json")
	completeFlag(cmd, "policy", completePolicy)
	completeFlag(cmd, "log-format", cobra.FixedCompletions(logFormats, cobra.ShellCompDirectiveNoFileComp))
}

// forShorthand tells the flags that stand in place of a file.
func forShorthand(flag string) bool {
	switch flag {
	case "listen", "backend", "policy", "admin", "access-log":
		return true
	}
	return false
}

// source returns what loads the configuration: the file, each time anew, or the flags.
func (f *serveFlags) source(cmd *cobra.Command) (func() (*loaded, error), error) {
	if f.file == "" {
		return f.shorthand(cmd)
	}
	var errs []error
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if forShorthand(flag.Name) {
			errs = append(errs, fmt.Errorf("--%s: cannot go with -c: the file says it", flag.Name))
		}
	})
	if len(errs) > 0 {
		return nil, usage(errors.Join(errs...))
	}
	return func() (*loaded, error) { return loadServerFile(f.file) }, nil
}

// shorthand returns the configuration that the flags stand for.
func (f *serveFlags) shorthand(cmd *cobra.Command) (func() (*loaded, error), error) {
	if len(f.backends) == 0 {
		return nil, usage(fmt.Errorf("expected -c FILE, or --backend URL (see %s --help)", cmd.CommandPath()))
	}
	var more []serve.Setting
	for _, s := range []struct{ flag, path, value string }{
		{"policy", "pools[0].pool.policy", f.policy},
		{"admin", "admin", f.admin},
		{"access-log", "access_log", f.accessLog},
	} {
		if cmd.Flags().Changed(s.flag) {
			more = append(more, serve.Setting{Path: s.path, Value: s.value, Origin: "--" + s.flag + " " + s.value})
		}
	}
	c, err := serve.Shorthand(f.listen, f.backends, more...)
	if err != nil {
		return nil, usage(err)
	}
	return func() (*loaded, error) { return &loaded{Config: c}, nil }, nil
}

var logFormats = []string{"text", "json"}

// newLogger returns a logger to standard error.
func newLogger(s streams, format string) (*slog.Logger, error) {
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(s.err, nil)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(s.err, nil)), nil
	}
	return nil, usage(fmt.Errorf("--log-format: expected %s, got %q%s", strings.Join(logFormats, " or "), format, didYouMean(format, logFormats)))
}

// secondSignal returns a channel with the signals after the one that ended the command's context.
func secondSignal() (signals <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	return c, func() { signal.Stop(c) }
}
