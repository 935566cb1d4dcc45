package connector

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Listing is the part of a source's config that is the same for all connectors.
type Listing struct {
	// Tidszone is the time zone of the system's dates and times ("Europe/Copenhagen"). Connectors give values as they
	// stand; those who map them use it.
	Tidszone string `yaml:"tidszone" json:"tidszone,omitempty"`
	// Eksport says what the system exports: "aendringer" (default), or "fuld", where each file or answer is a complete
	// listing, and a record that is no longer in it was withdrawn.
	Eksport string `yaml:"eksport" json:"eksport,omitempty"`
}

// Exports.
const (
	EksportAendringer = "aendringer"
	EksportFuld       = "fuld"
)

// Duration is a time span in a config, written "2s", "1m30s", "500ms".
type Duration time.Duration

// Or gives d, or def where d is not set.
func (d Duration) Or(def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return time.Duration(d)
}

// UnmarshalText reads the written form; a number without a unit is refused.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return fmt.Errorf("%q er ikke en varighed; skriv tal og enhed: 500ms, 2s, 5m", text)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes the form that UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// Size is a number of bytes in a config, written "64MiB", "500 kB" or "1048576".
type Size int64

// Or gives s, or def where s is not set.
func (s Size) Or(def Size) Size {
	if s == 0 {
		return def
	}
	return s
}

// The units of a [Size].
const (
	KiB Size = 1 << 10
	MiB Size = 1 << 20
	GiB Size = 1 << 30
)

// UnmarshalText reads the written form.
func (s *Size) UnmarshalText(text []byte) error {
	number := strings.TrimRight(string(text), "kKMGiB ")
	unit, ok := map[string]Size{
		"": 1, "B": 1, "kB": 1000, "MB": 1000 * 1000, "GB": 1000 * 1000 * 1000, "KiB": KiB, "MiB": MiB, "GiB": GiB,
	}[strings.TrimSpace(string(text)[len(number):])]
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || !ok || n <= 0 || n > int64(1<<62/unit) {
		return fmt.Errorf("%q er ikke en størrelse; skriv fx 64MiB, 500kB eller et antal byte", text)
	}
	*s = Size(n) * unit
	return nil
}

// UnmarshalJSON reads the written form as a string, or a number of bytes.
func (s *Size) UnmarshalJSON(b []byte) error {
	return s.UnmarshalText([]byte(strings.Trim(string(b), `"`)))
}

func (s Size) String() string {
	for _, u := range []struct {
		size Size
		name string
	}{{GiB, "GiB"}, {MiB, "MiB"}, {KiB, "KiB"}} {
		if s >= u.size && s%u.size == 0 {
			return fmt.Sprintf("%d %s", s/u.size, u.name)
		}
	}
	return fmt.Sprintf("%d byte", int64(s))
}

// Words is a list of words in a config, written as a list, or as one string with spaces between.
type Words []string

// UnmarshalYAML reads either form; decode is the YAML decoder's.
func (w *Words) UnmarshalYAML(decode func(any) error) error {
	var one string
	if decode(&one) == nil {
		*w = strings.Fields(one)
		return nil
	}
	var many []string
	if err := decode(&many); err != nil {
		return err
	}
	*w = many
	return nil
}

// UnmarshalJSON reads either form.
func (w *Words) UnmarshalJSON(b []byte) error {
	return w.UnmarshalYAML(func(v any) error { return json.Unmarshal(b, v) })
}

// Auth says how to log in at a system: one of the three, or none.
type Auth struct {
	Basic  *BasicAuth  `yaml:"basic" json:"basic,omitempty"`
	Bearer *BearerAuth `yaml:"bearer" json:"bearer,omitempty"`
	OAuth2 *OAuth2     `yaml:"oauth2" json:"oauth2,omitempty"`
}

// BasicAuth is user and password (RFC 7617).
type BasicAuth struct {
	Bruger  string `yaml:"bruger" json:"bruger"`
	Kodeord string `yaml:"kodeord" json:"kodeord"` // reference to a secret: env:NAME or file:PATH
}

// BearerAuth is a fixed token (RFC 6750).
type BearerAuth struct {
	Token string `yaml:"token" json:"token"` // reference to a secret
}

// OAuth2 is the client credentials grant (RFC 6749 section 4.4).
type OAuth2 struct {
	TokenURL     string `yaml:"token_url" json:"token_url"`
	ClientID     string `yaml:"client_id" json:"client_id"`
	ClientSecret string `yaml:"client_secret" json:"client_secret"` // reference to a secret
	Scopes       Words  `yaml:"scopes" json:"scopes,omitempty"`
}
