using NUnit.Framework;

// Fixtures share no state but the services and servers made for sharing; within a fixture one test runs after the other. What listens to
// the whole process, or measures a deadline, is [NonParallelizable] and runs alone at the end.
[assembly: Parallelizable(ParallelScope.Fixtures)]
[assembly: LevelOfParallelism(4)]
