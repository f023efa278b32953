#!/usr/bin/perl
# The worker of day-embedded.mjs: it takes the command line of work_queue_worker, says the first line of one to its manager, and
# ends when the manager closes the connection, or by SIGTERM. It carries out nothing, and needs 0.5 MB of its own.
# Perl and not a shell, since /bin/sh cannot connect; without Perl's own modules for sockets, which cost 2 MB.
use strict;
my ($host, $port) = @ARGV[-2, -1];
my ($tag) = map { $ARGV[$_ + 1] } grep { $ARGV[$_] eq '--os' } 0 .. $#ARGV;
# AF_INET 2, SOCK_STREAM 1; then struct sockaddr_in.
socket(my $manager, 2, 1, 0) or die "socket: $!";
connect($manager, pack('S n C4 x8', 2, $port, split /\./, $host)) or die "$host:$port: $!";
syswrite $manager, "workqueue 11 localhost $tag x86_64 7.14.5\n";
sysread $manager, my $last, 1;
