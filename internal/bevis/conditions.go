package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// conditions are what the figures depend on beside the code.
type conditions struct {
	Go        string  `json:"go"`
	System    string  `json:"system"`
	CPU       string  `json:"cpu"`
	Cores     int     `json:"cores"`
	MemoryGiB float64 `json:"memory_gib"`
	Postgres  string  `json:"postgres,omitempty"`
}

func surroundings(ctx context.Context) (conditions, error) {
	postgres, err := postgresVersion(ctx)
	return conditions{
		Go:        runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		System:    field("/etc/os-release", "PRETTY_NAME", "="),
		CPU:       field("/proc/cpuinfo", "model name", ":"),
		Cores:     runtime.NumCPU(),
		MemoryGiB: memory(),
		Postgres:  postgres,
	}, err
}

// field returns the first value of a key in one of the system's text files, "" where there is none: a figure is worth
// keeping also from a system that does not tell this.
func field(file, key, separator string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		k, v, ok := strings.Cut(line, separator)
		if ok && strings.TrimSpace(k) == key {
			return strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return ""
}

// memory is the machine's in GiB, to one decimal; 0 = not known.
func memory() float64 {
	kib, err := strconv.ParseFloat(strings.TrimSuffix(field("/proc/meminfo", "MemTotal", ":"), " kB"), 64)
	if err != nil {
		return 0
	}
	return float64(int(kib/(1<<20)*10+0.5)) / 10
}

func postgresVersion(ctx context.Context) (string, error) {
	server := os.Getenv("MOX_TEST_POSTGRES_URL")
	if server == "" {
		return "", nil
	}
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	var version string
	err = conn.QueryRow(ctx, "SHOW server_version").Scan(&version)
	return version, err
}

// revision returns the commit, and whether files differ from it. The records themselves do not count: writing one must not
// make the next one dirty.
func revision(ctx context.Context) (commit string, dirty bool, err error) {
	head, err := git(ctx, "rev-parse", "HEAD")
	if err != nil {
		return "", false, err
	}
	changes, err := git(ctx, "status", "--porcelain", "--", ":/", ":(top,exclude)docs/bevis")
	return head, changes != "", err
}

func git(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", args...).Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return string(bytes.TrimSpace(out)), nil
}
