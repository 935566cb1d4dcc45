// Command mox is MOX in one binary: the distributor with its agents, the console, and the commands that talk to it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // Danish time also where the system has no time zones
)

// version is set when a release is built.
var version = "udvikling" //arch:fixed set by the linker

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
