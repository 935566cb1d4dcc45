// Package demo holds the surroundings of the demonstration: three systems from three vendors, the cases that flow
// through them, the faults that befall them, and the checker that judges the result afterwards.
//
//   - [github.com/moxkit/mox/demo/byggesag], [github.com/moxkit/mox/demo/esdh] and
//     [github.com/moxkit/mox/demo/forsendelse] are the foreign systems. They know neither each other nor any standard.
//   - [github.com/moxkit/mox/demo/beskedfordeler] stands in for the national Beskedfordeler, which no trial can use without
//     an agreement.
//   - sager makes the cases and the story in which they arrive, fejlplan names the faults, landskab runs it all,
//     and kontrol counts what was lost and what was done twice.
//
// Nothing below this folder imports anything of MOX; a test here says so.
package demo
