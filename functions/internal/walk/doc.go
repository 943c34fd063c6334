// Package walk holds tests only: they read the documents as a user does. Every command of a page is executed in its order, by a shell, with the
// built jms-sync, against emulators under the names that the page uses; what a page shows as output is compared.
package walk
