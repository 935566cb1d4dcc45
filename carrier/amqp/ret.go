package amqp

import (
	"regexp"
	"strings"

	"github.com/moxkit/mox"
)

// Ret are the permissions that a user of the broker is given: regular expressions for what it may configure, write and read.
type Ret struct{ Configure, Write, Read string }

// Rettigheder are the permissions that a system needs, and no more: to write to its own exchange, to fetch answers, and to
// read the queues of its abonnementer.
func Rettigheder(system string, abonnementer ...mox.AbonnementID) Ret {
	laes := []string{regexp.QuoteMeta(Svarkoe(system))}
	for _, id := range abonnementer {
		laes = append(laes, regexp.QuoteMeta(Koe(id)))
	}
	return Ret{Configure: "^$", Write: "^" + regexp.QuoteMeta(Exchange(system)) + "$", Read: "^(" + strings.Join(laes, "|") + ")$"}
}

// Kommandoer are the commands by which the broker's administrator gives the system a user with these permissions in a vhost.
// The password is the administrator's to choose.
func Kommandoer(vhost, system string, abonnementer ...mox.AbonnementID) []string {
	r, bruger := Rettigheder(system, abonnementer...), citeret("mox-"+strings.ToLower(system))
	return []string{
		"rabbitmqctl add_user " + bruger,
		"rabbitmqctl set_permissions -p " + citeret(vhost) + " " + bruger + " " + citeret(r.Configure) + " " + citeret(r.Write) + " " + citeret(r.Read),
	}
}

// citeret is s as one word of a shell.
func citeret(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
