// Package opsaetning is the demonstration's configuration: three agents and the processes, as a municipality would write
// them. To use a real system instead of a simulated one, change its agent's YAML and nothing else.
package opsaetning

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

//go:embed mox.yaml processer.yaml byggesag esdh forsendelse
var files embed.FS

// Write puts the configuration into dir, with values for the words between @ ("@ESDH@" → an address).
func Write(dir string, values map[string]string) error {
	var pairs []string
	for name, v := range values {
		pairs = append(pairs, "@"+name+"@", v)
	}
	fill := strings.NewReplacer(pairs...)
	return fs.WalkDir(files, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(path))
		return errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, []byte(fill.Replace(string(b))), 0o644))
	})
}
