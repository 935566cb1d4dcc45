package arch

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moxkit/mox/internal/source"
)

// Dependencies compares the modules that our code imports with the reasons in deps.txt: each has one, and none is given
// for a module that go.mod no longer requires.
func Dependencies(m *source.Module, required []string, reasons map[string]string) []string {
	var findings []string
	seen := map[string]bool{}
	for _, f := range m.Files {
		for _, p := range f.Imports() {
			if _, own := m.Own(p); own || standard(p) {
				continue
			}
			module := moduleOf(required, p)
			if module == "" {
				findings = append(findings, fmt.Sprintf("%s imports %s, which no module in go.mod provides", f.Name, p))
			} else if reasons[module] == "" && !seen[module] {
				findings = append(findings, fmt.Sprintf("%s imports %s: give its reason in internal/arch/deps.txt", f.Name, module))
			}
			seen[module] = true
		}
	}
	for module := range reasons {
		if !slices.Contains(required, module) {
			findings = append(findings, fmt.Sprintf("internal/arch/deps.txt: %s is not in go.mod", module))
		}
	}
	slices.Sort(findings)
	return findings
}

// moduleOf finds the module that provides a package: the longest path in go.mod that the package's path begins with.
func moduleOf(required []string, importPath string) string {
	best := ""
	for _, module := range required {
		if len(module) > len(best) && (importPath == module || strings.HasPrefix(importPath, module+"/")) {
			best = module
		}
	}
	return best
}

// Required lists the modules that go.mod in root names.
func Required(root string) ([]string, error) {
	cmd := exec.Command("go", "mod", "edit", "-json")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go mod edit -json: %w", err)
	}
	var mod struct{ Require []struct{ Path string } }
	if err := json.Unmarshal(out, &mod); err != nil {
		return nil, err
	}
	paths := make([]string, len(mod.Require))
	for i, r := range mod.Require {
		paths[i] = r.Path
	}
	return paths, nil
}

// Reasons reads deps.txt: a module, then why we have it.
func Reasons(root string) (map[string]string, error) {
	data, err := os.ReadFile(filepath.Join(root, "internal", "arch", "deps.txt"))
	if err != nil {
		return nil, err
	}
	reasons := map[string]string{}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		module, reason, _ := strings.Cut(line, " ")
		if strings.TrimSpace(reason) == "" {
			err = errors.Join(err, fmt.Errorf("deps.txt: %s has no reason", module))
		}
		if reasons[module] != "" {
			err = errors.Join(err, fmt.Errorf("deps.txt: %s is listed twice", module))
		}
		reasons[module] = strings.TrimSpace(reason)
	}
	return reasons, err
}
