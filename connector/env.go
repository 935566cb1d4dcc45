package connector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Env is what a connector needs from its surroundings. The zero value works: relative paths are below the working
// directory, secrets are resolved by [ResolveSecret], nothing is logged, and time is the machine's.
type Env struct {
	BaseDir string                           // relative paths in a config are below it: the agent file's folder
	Secret  func(ref string) (string, error) // resolves "env:NAME" and "file:PATH"; nil = ResolveSecret
	Logger  *slog.Logger                     // nil = no log
	Now     func() time.Time                 // nil = time.Now; tests pass time in
	// Address gives the mail address of a user of ours whom a call names, [ErrNoAddress] where there is none, or an [*Error];
	// nil = no users are known.
	Address func(ctx context.Context, c Call, user string) (string, error)
}

// ErrNoAddress is returned by [Env.Address] for a user without a mail address.
var ErrNoAddress = errors.New("connector: the user has no mail address")

// Path gives the path p of a config, below BaseDir unless it is absolute.
func (e Env) Path(p string) string {
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(e.BaseDir, p)
}

// Resolve gives the secret that ref refers to. Its error names ref and never the secret.
func (e Env) Resolve(ref string) (string, error) {
	if e.Secret != nil {
		return e.Secret(ref)
	}
	return ResolveSecret(e.BaseDir, ref)
}

// Log gives the logger to use; it is never nil.
func (e Env) Log() *slog.Logger {
	if e.Logger != nil {
		return e.Logger
	}
	return slog.New(slog.DiscardHandler)
}

// Time gives the current time.
func (e Env) Time() time.Time {
	if e.Now != nil {
		return e.Now()
	}
	return time.Now()
}

// ResolveSecret gives the secret that ref refers to: "env:NAME" is an environment variable, "file:PATH" the content of a
// file without its last line end, PATH being below baseDir unless absolute. An unset or empty secret is an error.
func ResolveSecret(baseDir, ref string) (string, error) {
	kind, name, _ := strings.Cut(ref, ":")
	var secret string
	switch kind {
	case "env":
		secret = os.Getenv(name)
	case "file":
		b, err := os.ReadFile(Env{BaseDir: baseDir}.Path(name))
		if err != nil {
			return "", fmt.Errorf("hemmeligheden %s kan ikke læses: %w", ref, cause(err))
		}
		secret = strings.TrimRight(string(b), "\r\n")
	default:
		return "", errors.New("en hemmelighed skrives env:NAVN eller file:STI, ikke som selve værdien")
	}
	if secret == "" {
		return "", fmt.Errorf("hemmeligheden %s er tom; sæt miljøvariablen eller filens indhold", ref)
	}
	return secret, nil
}

// cause takes the path off an error from package os: the caller has named it already.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// IsSecretRef reports whether ref has the form of a reference to a secret.
func IsSecretRef(ref string) bool {
	return strings.HasPrefix(ref, "env:") && len(ref) > 4 || strings.HasPrefix(ref, "file:") && len(ref) > 5
}

// Problem is one thing wrong in a connector's config.
type Problem struct {
	Path string // YAML key inside the config: "auth.oauth2.token_url"
	Text string // what is wrong
	Hint string // what to write instead; may be empty
}

func (p Problem) String() string {
	s := p.Path + ": " + p.Text
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
}

// Invalid makes one error of a config's problems; nil when there are none.
func Invalid(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.String()
	}
	return errors.New(strings.Join(lines, "\n"))
}
