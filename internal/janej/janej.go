// Package janej reads yes and no as people write them in MOX's files.
package janej

import "fmt"

// JaNej is a yes or no in a YAML file: ja, nej, true or false.
type JaNej bool

// UnmarshalText reads one.
func (j *JaNej) UnmarshalText(b []byte) error {
	switch s := string(b); s {
	case "ja", "true":
		*j = true
	case "nej", "false":
		*j = false
	default:
		return fmt.Errorf("%q er hverken ja eller nej", s)
	}
	return nil
}
