// Package auth decides who calls, and keeps out what must not reach MOX: foreign names for our address, other sites' pages
// in the same browser, and calls without a key.
//
// What a caller may then do is decided where it is done, from the [Identitet] in the context.
package auth

import (
	"context"

	"github.com/moxkit/mox"
)

// Rolle is what a caller is, and with it what the caller may do.
type Rolle string

// The roles. The first three are people's, and each may do what the one before may.
const (
	Laeser        Rolle = "laeser"        // may read
	Drift         Rolle = "drift"         // may also resend, close, publish
	Administrator Rolle = "administrator" // may also configure
	System        Rolle = "system"        // an it-system or its agent: only what is its own
)

// Kendt reports whether r is one of the roles.
func (r Rolle) Kendt() bool { return r.Menneske() || r == System }

// Menneske reports whether r is a person's: one who may read what all systems have sent.
func (r Rolle) Menneske() bool { return r == Laeser || r.Driver() }

// Driver reports whether r may act on behalf of every system.
func (r Rolle) Driver() bool { return r == Drift || r == Administrator }

// Identitet is a caller whose key or session has been found good.
type Identitet struct {
	Navn   string // of the key or the person; in logs, and in the names of leases
	System string // the it-system, for Rolle System
	Rolle  Rolle
	Konto  string     // the account's id, for a person who has logged in with a password
	Kreds  *mox.Kreds // what of the register a person may reach; nil = all, but for the names of those who are protected

	SkalSkifte bool // somebody else chose the password: until there is another, nothing else may be done
}

// Lokal is whoever can read the data folder's own key.
func Lokal() Identitet { return Identitet{Navn: lokaltNavn, Rolle: Administrator} }

const lokaltNavn = "lokal"

type noegleTilKontekst struct{}

// Med is ctx with a caller in it.
func Med(ctx context.Context, i Identitet) context.Context {
	return context.WithValue(ctx, noegleTilKontekst{}, i)
}

// Fra is the caller in ctx; ok is false when nobody has been identified, and then nothing may be done.
func Fra(ctx context.Context) (i Identitet, ok bool) {
	i, ok = ctx.Value(noegleTilKontekst{}).(Identitet)
	return i, ok
}
