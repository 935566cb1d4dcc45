// Certs makes an issuer that only tests trust, and a server's certificate from it: ca.pem, ca.key, server.pem and server.key
// in a folder that is there.
//
//	go run ./internal/testenv/certs FOLDER
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/moxkit/mox/internal/testenv"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "certs:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("give one folder")
	}
	i, err := testenv.NewIssuer()
	if err != nil {
		return err
	}
	server, err := i.Issue("localhost")
	if err != nil {
		return err
	}
	if _, _, err := testenv.WritePEM(args[0], "server", server); err != nil {
		return err
	}
	return i.Write(args[0])
}
