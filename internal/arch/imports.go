// Package arch keeps the house standing: who may import whom, no hidden state, no sleeping tests, a reason for each
// dependency. The rules are functions over the module's parsed source; the package's tests apply them.
package arch

import (
	"fmt"
	"strings"

	"github.com/moxkit/mox/internal/source"
)

// floor places a family: a top-level folder with all below it, "" for the root package. A package imports its own family and
// the floors below, nothing beside it and nothing above.
func floor(family string) (int, bool) {
	switch family {
	case "", "internal", "docs":
		return 0, true
	case "store", "indhold", "oio", "mapping", "connector", "auth":
		return 1, true
	case "distributor", "konto", "klient":
		return 2, true
	case "register", "carrier", "report", "kopi":
		return 3, true
	case "agent", "console", "alarm", "maaling", "bench":
		return 4, true
	case "app", "demo", "tilslutning", systemer:
		return 5, true
	case "afproevning":
		return 6, true
	case "cmd": // runs the trials as a command, so it stands above them
		return 7, true
	}
	return 0, false
}

// systemer is a tree of its own inside afproevning: the systems of the trials.
const systemer = "afproevning/systemer"

// apart tells whether a family imports nothing of ours but itself. Connectors and the mapping must be usable, and
// readable, without knowing MOX. The systems of the demo and the trials stand for other vendors' products: what they
// exchange with MOX proves nothing if they share code with it.
func apart(family string) bool {
	switch family {
	case "connector", "mapping", "demo", systemer:
		return true
	}
	return false
}

func family(dir string) string {
	if dir == systemer || strings.HasPrefix(dir, systemer+"/") {
		return systemer
	}
	top, _, _ := strings.Cut(dir, "/")
	return top
}

// Imports finds the imports that point the wrong way.
func Imports(m *source.Module) []string {
	var findings []string
	for _, f := range m.Files {
		for _, p := range f.Imports() {
			if why := wrong(m, f, p); why != "" {
				findings = append(findings, fmt.Sprintf("%s imports %s: %s", f.Name, p, why))
			}
		}
	}
	return findings
}

func wrong(m *source.Module, f source.File, importPath string) string {
	to, own := m.Own(importPath)
	if !own {
		if f.Dir == "" && !f.Test && !standard(importPath) {
			return "the root package imports the standard library only"
		}
		return ""
	}
	testing := f.Test || source.Support(f.Dir)
	from := family(f.Dir)
	switch {
	case source.Support(to):
		if testing {
			return ""
		}
		return "it is for tests only"
	case from == family(to) && from != "":
		return ""
	case apart(from):
		return from + " imports nothing of ours"
	case to == "": // the vocabulary is the ground under every floor
		return ""
	case testing: // a test may drive the whole house
		return ""
	case f.Dir == "":
		return "the root package imports the standard library only"
	}
	return wrongFloor(from, family(to))
}

func wrongFloor(from, to string) string {
	fromFloor, ok := floor(from)
	toFloor, ok2 := floor(to)
	if ok && ok2 && toFloor >= fromFloor { // a family without a floor is Homeless's finding
		return fmt.Sprintf("floor %d may not import floor %d", fromFloor, toFloor)
	}
	return ""
}

// Homeless finds packages in folders that stand on no floor.
func Homeless(m *source.Module) []string {
	var findings []string
	for _, f := range m.Files {
		if _, ok := floor(family(f.Dir)); !ok {
			findings = append(findings, f.Name+": its folder stands on no floor; give it one in internal/arch/imports.go")
		}
	}
	return findings
}

// standard reports whether a package belongs to the standard library: no host in its path.
func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}
