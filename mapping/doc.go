// Package mapping translates between a system's flat record and a flat OIO document by a field table that people write
// in YAML and that works both ways.
//
// A record is local field name → value, an OIO document is path → value ("egenskaber.titel"); nesting is spelled with
// dots on both sides. The package knows nothing of cases, queues, files or the object types: a path is a name, and
// [Table.Lint] asks its caller whether the name exists. Paths that are no part of an objekt, such as "besked.version",
// work like the others: the caller puts them in the document.
//
// # The table
//
//	map: sag                     # the table's name
//	objekttype: Sag              # what the OIO document describes
//	tidszone: Europe/Copenhagen  # of local points in time; this is the default
//	virkning: {fra: MODTAGET}    # the local field that says since when the record holds; type and format from its row, or given here
//	felter: [ … ]                # the rows
//	beregnede: [ … ]             # computed fields, one way each
//
// A row says that a local field (felt) and a path (sti) hold the same thing, and how the two spellings correspond. An
// empty value is an absent value, everywhere.
//
//	{felt: SAGSNR, sti: egenskaber.sagsnummer, kraevet: true}
//	{felt: STATUS, sti: tilstande.fremdrift, koder: {OPR: Opstaaet, OPL: Oplyst}}
//	{felt: MODTAGET, sti: egenskaber.brevdato, type: dato, format: dd-mm-åååå}
//
// The keys of a row:
//
//	felt, sti      the two ends
//	retning        ind (system → OIO) or ud (OIO → system); without it the row works both ways
//	kraevet        ja: an absent value is an error, in each direction the row works in
//	maks           greatest number of characters of the local value; longer is an error, nothing is ever cut
//	standard       local value that stands in for an absent one on the way in; on the way out it is a value like others
//	fjern          characters dropped from the local value; they do not come back on the way out
//	praefiks       what the OIO value has in front of the local one; an OIO value without it is an error
//	koder          local code: OIO code; a value outside the table is an error. With type heltal the local codes are numbers
//	foretrukken    which local codes are written where several mean the same OIO code
//	noegle         objekttype that the local value is a key of; the OIO value is a reference, see [Reference]
//	type           tekst (default), dato, tidspunkt, heltal, tal, boolsk
//	format         of dato and tidspunkt: dd d mm m åååå (yyyy) åå (yy) tt mi ss, 'quoted text', T and punctuation; or iso
//	decimal        the decimal sign of a local tal, "." or ","
//	sand, falsk    the local words of a boolsk
//	tekst          ja: heltal, tal and boolsk go to the system as text; nej: as int64, float64, bool
//
// In the OIO document a dato is 2006-01-02, a tidspunkt RFC 3339, a heltal and a tal are plain decimal numbers, and a
// boolsk is true or false. On the way out heltal, tal and boolsk are typed, unless the row spells out how the system
// writes them (sand, falsk, a decimal comma): then they are text in that spelling. Tekst overrules either way. A tal that
// goes out as text keeps its decimals (1,50); as a float64 it has none to spare (1.5). A format has whole seconds; iso has
// fractions too.
//
// Two more forms of row are constants: {sti: egenskaber.kassationskode, fast: B} holds on the way in and is ignored on
// the way out, {felt: kilde, fast_felt: MOX} the reverse. Fast_felt may have a type.
//
// Several rows may share an end where that has one meaning:
//
//   - one felt to several stier: on the way out the first row, in the order of the file, whose path has a value gives the field;
//   - several felter to one sti, each with a praefiks of its own and none the beginning of another: the prefix tells which
//     field the value belongs to, and a record with two of them is an error.
//
// Everything else that gives two values for one place is refused by [Load], and so is a code table that cannot be read
// backwards. A table that loads is reversible, except where [Table.LossyFields] says what does not come back.
//
// # Computed fields
//
// {sti: egenskaber.titel, starlark: 'post["TITEL"].strip()'} computes a path from the record as it stands, and
// {felt: emne, starlark: 'klip(oio["egenskaber.titel"], 80)'} a local field from the document. An expression is one
// Starlark expression without lambda, of at most [MaxExpression] bytes and [MaxSteps] steps; it sees nothing but its
// input and can change nothing. Its value is text, int, float, bool, or None for absent. The names it may use are
//
//	None True False abs all any bool chr dict enumerate fail float int len list max min ord reversed sorted str tuple zip
//	dato(s, fra, til)   the date or time in s, written in format fra, in format til
//	klip(s, n)          the first n characters of s; Starlark's own s[:n] counts bytes and would halve an å
//	fail(text)          ends the mapping of the record with this error
//
// Each name is there because it cannot make much out of little: range, lambda and "text" * n are missing so that a
// number in a record cannot take the machine's memory.
//
// # Points in time
//
// A local point in time has no offset, so twice a year it is not unique. In the hour that is repeated when summer time
// ends, the earlier of the two is meant. A time in the hour that is skipped when summer time begins is read with the
// offset that held before it.
package mapping

// Limits. Each is far above what a real table or record has, and there so that a mistake costs a message and not the
// machine.
const (
	MaxFile       = 1 << 20 // bytes of a table's YAML
	MaxRows       = 1000    // rows and computed fields of a table together
	MaxCodes      = 10_000  // entries of one code table
	MaxValue      = 1 << 20 // bytes of one value, local or OIO
	MaxExpression = 8 << 10 // bytes of one Starlark expression
	MaxSteps      = 100_000 // Starlark steps of one evaluation
)
