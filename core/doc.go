// Package core is the synchronisation; its folders are its stages, and data runs one way.
//
//	clouds ──1 list──▶ inventory ─┐
//	                              ├─2 plan──guard─▶ approved ─3 apply─▶ result ─4 report─▶ message ─5 notify─▶ people
//	bastion ─1 list──▶ assets ────┘
//	core/cloud, core/jumpserver    core/plan         core/apply         core/report         core/notify
//	                               core/engine runs 1→5, core/delivery gets messages out; core/session puts it
//	                               together; functions/* start it; infra/ lets it run
//	events ─1 observe──▶ core/reconcile: 2→5 for the instances that they name
//	orders ─1 list──▶ core/operator: 2→5 for what a person adopts, disowns, retires or reactivates
//
// core/access says who gains and who loses hosts by what a run writes.
//
// core/reason says why, in two languages. All that is asked over HTTP (clouds, stores, JumpServer, chat robots) is
// asked by core/httpx.
//
// Who may import whom is a test in this folder.
package core
