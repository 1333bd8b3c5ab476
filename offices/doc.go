// Package offices works out what a reorganisation changes in the office tree:
// from an order (merge these, split that, rename, close, move, add) or from a
// file that says how the tree is to be. It only plans; the domain checks the
// plan, decides it and carries it out (yinzheng.Service.Reorganise).
package offices
