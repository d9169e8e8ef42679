using Provisioning.Api.Hosting;

ProvisioningHost.Build(args).Run();
