// Command kontrol judges a demonstration that has run in a folder, and ends with 1 when something was lost or done twice.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/moxkit/mox/demo/kontrol"
)

func main() {
	dir := flag.String("dir", ".", "the demonstration's folder")
	flag.Parse()
	r, err := kontrol.Check(*dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if r.Tabt != 0 || r.DobbeltVirkning != 0 {
		os.Exit(1)
	}
}
