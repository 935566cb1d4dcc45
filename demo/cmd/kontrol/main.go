// Command kontrol judges a demonstration that has run in a folder. It ends with 0 when nothing was lost or done twice,
// with 1 when something was, and with 2 when it could not judge.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/moxkit/mox/demo/kontrol"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errOut io.Writer) (exit int) {
	f := flag.NewFlagSet("kontrol", flag.ContinueOnError)
	f.SetOutput(errOut)
	dir := f.String("dir", ".", "the folder of the demonstration's systems")
	if f.Parse(args) != nil { // it has said why
		return 2
	}
	r, err := kontrol.Check(*dir)
	if err == nil {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		err = enc.Encode(r)
	}
	switch {
	case err != nil:
		fmt.Fprintln(errOut, err)
		return 2
	case r.Tabt != 0 || r.DobbeltVirkning != 0:
		return 1
	}
	return 0
}
