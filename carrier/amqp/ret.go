package amqp

import (
	"regexp"
	"strings"

	"github.com/moxkit/mox"
)

// Ret are the permissions that a user of the broker is given: regular expressions for what it may configure, write and read.
type Ret struct{ Configure, Write, Read string }

// Rettigheder are the permissions that a system needs, and no more: to write to its own exchange, to fetch answers, and to
// read the queue of its abonnement ("" = none, and "*" = all whose id begins with the system's own prefix is not offered:
// each is named).
func Rettigheder(system string, abonnementer ...mox.AbonnementID) Ret {
	laes := []string{regexp.QuoteMeta(Svarkoe(system))}
	for _, id := range abonnementer {
		if id != "" {
			laes = append(laes, regexp.QuoteMeta(Koe(id)))
		}
	}
	return Ret{Configure: "^$", Write: "^" + regexp.QuoteMeta(Exchange(system)) + "$", Read: "^(" + strings.Join(laes, "|") + ")$"}
}
