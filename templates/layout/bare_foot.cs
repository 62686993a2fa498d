<?cs include!"macro/ui.cs" ?><?cs include!"part/scripts.cs" ?></body>
</html>
