using System;
using System.CodeDom;
using System.CodeDom.Compiler;
using System.IO;
using System.Web.Services.Description;
using Microsoft.CSharp;

/// <summary>What wsdl.exe does: WSDL address in, C# proxy out. Arguments: URL, "Soap" or "Soap12", file.</summary>
static class Import
{
    static int Main(string[] arguments)
    {
        ServiceDescription description;
        using (var stream = new System.Net.WebClient().OpenRead(arguments[0]))
        {
            description = ServiceDescription.Read(stream);
        }
        var importer = new ServiceDescriptionImporter { ProtocolName = arguments[1] };
        importer.AddServiceDescription(description, null, null);
        var space = new CodeNamespace("Persons");
        var unit = new CodeCompileUnit();
        unit.Namespaces.Add(space);
        var warnings = importer.Import(space, unit);
        if (warnings != 0)
        {
            Console.Error.WriteLine(warnings);
            return 1;
        }
        using (var writer = new StreamWriter(arguments[2]))
        {
            new CSharpCodeProvider().GenerateCodeFromCompileUnit(unit, writer, new CodeGeneratorOptions());
        }
        return 0;
    }
}
