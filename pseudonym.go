package mox

import "strings"

// Pseudonym is the keyed name that stands for an identifier of a person or a company wherever it is kept to be looked up:
// in filters, configurations and indexes. Whoever lacks the key cannot tell whose it is, nor try numbers until one fits.
type Pseudonym func(id string) string

// pseudonymForled begins a pseudonym in a filter.
const pseudonymForled = "hmac:"

// ErPseudonym reports whether a value of a filter is a pseudonym.
func ErPseudonym(v string) bool { return strings.HasPrefix(v, pseudonymForled) }

// EnsStavet is an identifier in the one spelling that pseudonyms are made of: in lower case, a CVR URN in its older form.
func EnsStavet(id string) string {
	id = strings.ToLower(id)
	if nr := cvr(id); nr != id {
		return cvrForled[0] + nr
	}
	return id
}

// af is the pseudonym of an identifier; a UUID tells nothing and stays, and so does what is one already.
func (p Pseudonym) af(id string) string {
	if ErUUID(strings.ToLower(id)) || ErPseudonym(id) {
		return id
	}
	return pseudonymForled + p(EnsStavet(id))
}

// Metadata is b's metadata with the pseudonyms of its related objekter beside them, so that filters of either kind match.
func (p Pseudonym) Metadata(b *Besked) map[string][]string {
	ud := b.Metadata()
	for _, r := range b.Relateret {
		if navn := p.af(r.ID); navn != r.ID {
			ud["relateret"] = append(ud["relateret"], navn)
			ud["relateret."+r.Rolle] = append(ud["relateret."+r.Rolle], navn)
		}
	}
	return ud
}

// Filter is f with pseudonyms in place of the persons and companies it names. It takes the same beskeder.
func (p Pseudonym) Filter(f Filter) Filter {
	if f.vilkaar == nil {
		return f
	}
	ud, fejl := LaesFilter(p.kilde(f.kilde, false))
	if len(fejl) > 0 {
		return f // cannot be: the form is the same
	}
	return ud
}

// kilde is a part of a filter's source with pseudonyms; relateret tells that its values are identifiers.
func (p Pseudonym) kilde(kilde any, relateret bool) any {
	switch v := kilde.(type) {
	case map[string]any:
		ud := make(map[string]any, len(v))
		for k, x := range v {
			ud[k] = p.kilde(x, k == "relateret" || strings.HasPrefix(k, "relateret."))
		}
		return ud
	case []any:
		ud := make([]any, len(v))
		for i, x := range v {
			ud[i] = p.kilde(x, relateret)
		}
		return ud
	case string:
		if relateret {
			return p.af(v)
		}
	}
	return kilde
}
