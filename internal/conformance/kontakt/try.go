package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox/internal/conformance"
)

// result is what a switch did.
type result struct {
	conformance.Switch
	red bool
	why string // what the test said first when it failed, else why the switch is not red
}

// try runs the tests of all switches once as the product is, and then each switch. The switches of one package follow each
// other, so that what their tests share is built once.
func try(ctx context.Context, root string, switches []conformance.Switch, progress io.Writer) ([]result, error) {
	for _, s := range switches { // before anything takes time
		if _, err := faulty(root, s); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp("", "kontakt")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	before, err := tryWithout(ctx, root, switches, progress)
	if err != nil {
		return nil, err
	}
	results := make([]result, len(switches))
	for n, i := range byPackage(switches) {
		s := switches[i]
		begun := time.Now()
		fmt.Fprintf(progress, "[%d/%d] %s: %s\n", n+1, len(switches), s, s.Fault)
		if results[i], err = trySwitch(ctx, root, dir, s, before[s.Test]); err != nil {
			return nil, err
		}
		state := "red"
		if !results[i].red {
			state = "NOT RED"
		}
		fmt.Fprintf(progress, "  %s, %.1f s: %s: %s\n", state, time.Since(begun).Seconds(), s.Test, results[i].why)
	}
	return results, nil
}

// byPackage orders the indices of the switches by the package of their test.
func byPackage(switches []conformance.Switch) []int {
	order := make([]int, len(switches))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		pkgA, _ := split(switches[a].Test)
		pkgB, _ := split(switches[b].Test)
		return slices.Compare([]string{pkgA, switches[a].File}, []string{pkgB, switches[b].File})
	})
	return order
}

// tryWithout runs each test without a fault, those of one package together.
func tryWithout(ctx context.Context, root string, switches []conformance.Switch, progress io.Writer) (map[string]verdict, error) {
	var pkgs []string
	names := map[string][]string{}
	for _, s := range switches {
		pkg, name := split(s.Test)
		if names[pkg] == nil {
			pkgs = append(pkgs, pkg)
		}
		if !slices.Contains(names[pkg], name) {
			names[pkg] = append(names[pkg], name)
		}
	}
	slices.Sort(pkgs)
	all := map[string]verdict{}
	for _, pkg := range pkgs {
		begun := time.Now()
		fmt.Fprintf(progress, "without a fault: %s, %d tests\n", pkg, len(names[pkg]))
		found, err := goTest(ctx, root, pkg, names[pkg], "")
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(progress, "  %.1f s\n", time.Since(begun).Seconds())
		for name, v := range found {
			all[pkg+"."+name] = v
		}
	}
	return all, nil
}

func trySwitch(ctx context.Context, root, dir string, s conformance.Switch, before verdict) (result, error) {
	if before.outcome != passes {
		return result{s, false, "without the fault it " + string(before.outcome) + ": " + before.said}, nil
	}
	overlay, err := writeOverlay(root, dir, s)
	if err != nil {
		return result{}, err
	}
	pkg, name := split(s.Test)
	found, err := goTest(ctx, root, pkg, []string{name}, overlay)
	if err != nil {
		return result{}, err
	}
	v := found[name]
	v.said = temporary.ReplaceAllString(strings.ReplaceAll(v.said, faultFile(dir, s), s.File), "")
	if v.outcome == fails {
		return result{s, true, v.said}, nil
	}
	return result{s, false, "with the fault it " + string(v.outcome) + ": " + v.said}, nil
}

// faulty is the text of the switch's file with the fault in it.
func faulty(root string, s conformance.Switch) ([]byte, error) {
	src, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(s.File)))
	if err != nil {
		return nil, err
	}
	return s.Apply(src)
}

// writeOverlay writes the faulty file, and the file that tells the go command to read it in the other's place.
func writeOverlay(root, dir string, s conformance.Switch) (string, error) {
	text, err := faulty(root, s)
	if err != nil {
		return "", err
	}
	instead := faultFile(dir, s)
	if err := os.WriteFile(instead, text, 0o600); err != nil {
		return "", err
	}
	data, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, filepath.FromSlash(s.File)): instead}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, data, 0o600)
}

// temporary is a folder of the run, which says nothing to a reader.
var temporary = regexp.MustCompile(regexp.QuoteMeta(os.TempDir()) + `/\S*/`)

func faultFile(dir string, s conformance.Switch) string {
	return filepath.Join(dir, "fault"+path.Ext(s.File))
}
